"""SearchForStudies, SearchForSeries, SearchForInstances against what the standard says they find."""
