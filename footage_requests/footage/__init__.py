"""Getting footage: recorders, clocks, pieces, exports, and the store that keeps it sealed."""
