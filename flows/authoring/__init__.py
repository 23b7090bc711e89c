"""From flow files and translations to a frozen release."""
