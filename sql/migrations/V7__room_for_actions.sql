-- Room in the pages of tables that are not called as their models are, which V6 passed by.
ALTER TABLE IF EXISTS ir_act_report_xml SET (fillfactor = 85);
ALTER TABLE IF EXISTS ir_act_server SET (fillfactor = 85);
ALTER TABLE IF EXISTS ir_act_window SET (fillfactor = 85);
ALTER TABLE IF EXISTS ir_act_window_view SET (fillfactor = 85);
