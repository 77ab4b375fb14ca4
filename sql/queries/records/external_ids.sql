SELECT res_id, module || '.' || name, noupdate
FROM ir_model_data
