"""A version of a table in the formats of other programs: Megatron-LM, MosaicML Streaming, Parquet, Arrow. No Spark."""
