"""The feed of training beside a shuffled memmap, MosaicML Streaming and litdata, on the same rows."""
