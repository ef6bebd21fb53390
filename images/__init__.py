"""Container images: Containerfiles, the steps that they run, and what carries them out without a container engine."""
