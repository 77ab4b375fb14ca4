-- How many records a model has, archived ones included. The table is the one that the model's name
-- gives; actions alone have tables of another name, as in Odoo.
CREATE FUNCTION count_records(model text) RETURNS integer
LANGUAGE plpgsql STABLE AS $$
DECLARE
    known text := CASE model
        WHEN 'ir.actions.act_window' THEN 'ir_act_window'
        WHEN 'ir.actions.act_window.view' THEN 'ir_act_window_view'
        WHEN 'ir.actions.server' THEN 'ir_act_server'
        WHEN 'ir.actions.report' THEN 'ir_act_report_xml'
        ELSE replace(model, '.', '_')
    END;
    counted integer;
BEGIN
    IF to_regclass(quote_ident(known)) IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I', known) INTO counted;
    RETURN counted;
END
$$;
