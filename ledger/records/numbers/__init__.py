"""The numbers that trade is found by, one module each: form, check digit, code lists."""
