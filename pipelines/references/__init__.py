"""Documents that another lake, a *reference*, holds already: equal texts and near duplicates."""
