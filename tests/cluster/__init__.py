"""Several servers on one database and one bucket, behind a balancer: nothing acknowledged is lost, nothing is stale."""
