"""When things happen: composition, queue, ingest, the desk, publishing, pages and the command line."""
