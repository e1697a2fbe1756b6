"""The reader's door: search, dossier, evidence and page over all regions; trusted with nothing."""
