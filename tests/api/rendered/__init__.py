"""RetrieveRendered and Thumbnail: what comes back, held against pydicom."""
