"""What a feature is: value types, entities, views, services and the catalogue that holds them."""
