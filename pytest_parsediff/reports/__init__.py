"""What a live run says about itself: a document, JUnit properties, GitHub's surfaces."""
