-- Those of some record rules that hold: the model that each is about, and its domain.
SELECT rule.id, model.model, rule.domain_force
FROM ir_rule AS rule
JOIN ir_model AS model ON model.id = rule.model_id
WHERE rule.id = ANY($1) AND rule.active
ORDER BY rule.id
