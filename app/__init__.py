"""The HTTP application: routes, services, and the pure DICOM and HTTP syntax below them."""
