//! Measurements live beside this file, a folder each: see `docs/benchmarks.md`.
