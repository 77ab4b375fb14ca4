-- How many records a model has, archived ones included: the table is known by the name of the model
-- alone, as ir.model has it.
CREATE FUNCTION count_records(model text) RETURNS integer
LANGUAGE plpgsql STABLE AS $$
DECLARE
    counted integer;
BEGIN
    IF to_regclass(quote_ident(replace(model, '.', '_'))) IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I', replace(model, '.', '_')) INTO counted;
    RETURN counted;
END
$$;
