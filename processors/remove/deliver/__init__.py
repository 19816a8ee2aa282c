"""What a removal hands over: master, matte, proof, review, sheets and the report."""
