-- The visible record of a code, so many days after its use or its expiry as its application says.
DELETE FROM oregional_authorization_code
WHERE id IN (SELECT r.id
             FROM oregional_authorization_code r
             JOIN oregional_authorization g ON g.id = r.authorization_id
             JOIN oregional_application a ON a.id = g.application_id
             -- Sooner than its use or its expiry none goes: the index finds those.
             WHERE coalesce(r.used_at, r.expiry) < $1
               -- A hundred years at the most: the field takes more days than the calendar has, and a moment past its
               -- end would fail for all applications.
               AND coalesce(r.used_at, r.expiry) + least(a.authorization_code_retain, 36500) * interval '1 day' < $1
             LIMIT $2)
