SELECT a.id, a.active::int, a.name->>'en_US', c.id, c.name
FROM oregional_application a
JOIN res_company c ON c.id = 1
WHERE a.id = $1
