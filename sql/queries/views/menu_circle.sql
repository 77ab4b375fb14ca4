WITH RECURSIVE up (start, id, depth) AS (
    SELECT m.id, m.parent_id, 1 FROM ir_ui_menu AS m WHERE m.id = ANY($1)
    UNION ALL
    SELECT up.start, m.parent_id, up.depth + 1
    FROM ir_ui_menu AS m JOIN up ON up.id = m.id
    WHERE up.id <> up.start AND up.depth < 100
)
SELECT 1 FROM up WHERE id = start OR depth >= 100 LIMIT 1
