SELECT f.id, f.model, f.name, f.field_description->>'en_US', f.help->>'en_US', f.ttype, f.relation, f.relation_field,
       f.relation_table, f.column1, f.column2, f.on_delete, f.related, f.currency_field, f.size, f.required, f.readonly,
       f.store, f.index, f.copied, f.translate
FROM ir_model_fields f
WHERE f.state = 'manual'
ORDER BY f.id
