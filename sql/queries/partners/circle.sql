WITH RECURSIVE chosen (ids) AS (
    SELECT $1::int[]
), above (start, id) AS (
    SELECT partner.id, partner.parent_id
    FROM res_partner AS partner, chosen
    WHERE partner.parent_id IS NOT NULL AND partner.id = ANY(chosen.ids)
    UNION
    SELECT above.start, parent.parent_id
    FROM above
    JOIN res_partner AS parent ON parent.id = above.id
    WHERE parent.parent_id IS NOT NULL
)
SELECT start FROM above WHERE start = id
