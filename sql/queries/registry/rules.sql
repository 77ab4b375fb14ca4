SELECT m.model, r.id, coalesce(r.name, ''), coalesce(r.domain_force, ''), r.perm_read, r.perm_write, r.perm_create, r.perm_unlink
FROM ir_rule r
JOIN ir_model m ON m.id = r.model_id
WHERE r.active
