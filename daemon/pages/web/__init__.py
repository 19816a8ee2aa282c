"""Templates, style and scripts of the status page; nothing here comes from another host."""
