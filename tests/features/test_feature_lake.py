"""The hand-made lake that other tests of features read."""

import feature_lake

from features.catalogue.catalogue import CATALOGUE
from features.definition.view import EVENT_TIMESTAMP
from features.tables import table_of


def test_every_view_has_a_history_and_appending_adds_to_it(tmp_path):
    lake = feature_lake.write(tmp_path)
    assert lake.tables() == sorted(view.table for view in CATALOGUE.views)
    for view in CATALOGUE.views:
        rows = lake.read_here(view.table, table_of(view).schema.names)
        assert rows.schema.equals(table_of(view).schema)
        expected = feature_lake.HISTORIES[view.name]
        assert [(row[view.join_keys[0]], row[EVENT_TIMESTAMP]) for row in rows.to_pylist()] == [
            (row[view.join_keys[0]], row[EVENT_TIMESTAMP]) for row in expected
        ]
    feature_lake.append(lake, "source_quality", [{"source": "new", EVENT_TIMESTAMP: feature_lake.START}])
    assert lake.read_here("features_source_quality", ["source"])["source"].to_pylist()[-1] == "new"
