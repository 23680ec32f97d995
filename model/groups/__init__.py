"""Whom the released network reads how well: by form series and by writer, as far as anything is known of who wrote what."""
