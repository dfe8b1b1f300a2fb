"""Who asks, and what they may: authenticators, principals, scopes, the files of users and tokens, the audit log.

Imported by `settings` for the names of scopes, by `authentication` which makes a Gate of settings, and by what stands
above. Knows no setting, no service and no DICOM.
"""
