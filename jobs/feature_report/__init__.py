"""The page about features: `collect` gathers its figures from the tables, `page` renders them."""
