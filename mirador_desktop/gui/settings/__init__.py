"""The settings window: its frame, its pages, and the widgets they are made of."""
