INSERT INTO rate_limit AS known (key, failures, ends_at)
VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE
    SET failures = CASE WHEN known.ends_at > $3 THEN known.failures + 1 ELSE 1 END,
        ends_at = CASE WHEN known.ends_at > $3 THEN known.ends_at ELSE excluded.ends_at END
