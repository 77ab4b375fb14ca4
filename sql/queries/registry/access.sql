SELECT m.model, a.group_id, a.perm_read, a.perm_write, a.perm_create, a.perm_unlink
FROM ir_model_access a
JOIN ir_model m ON m.id = a.model_id
WHERE a.active
