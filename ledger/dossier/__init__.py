"""Which records belong to one consignment: pure grouping by the identifiers they share."""
