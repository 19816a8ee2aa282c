"""What a colour match hands over: CDLs, cube, EDL, review, contact sheet, report."""
