//! Languages: which there are, which are active, and texts by language.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

const MODEL: &str = "oregional.application";

async fn language(admin: &User, code: &str) -> i64 {
    let domain = json!([["code", "=", code], ["active", "in", [true, false]]]);
    admin.result("res.lang", "search", json!([domain])).await[0]
        .as_i64()
        .unwrap_or_else(|| panic!("no {code}"))
}

#[tokio::test]
async fn the_usual_languages_are_there_and_english_alone_is_active() {
    let app = TestApp::start();
    let admin = app.admin().await;

    let installed = admin.result("res.lang", "get_installed", json!([])).await;
    assert_eq!(installed, json!([["en_US", "English (US)"]]));

    let fields = [
        "name",
        "iso_code",
        "url_code",
        "direction",
        "date_format",
        "time_format",
        "week_start",
        "grouping",
        "decimal_point",
        "thousands_sep",
        "active",
    ];
    let french = admin.reference("base.lang_fr").await;
    let read = admin.result("res.lang", "read", json!([[french], fields])).await;
    assert_eq!(
        read[0],
        json!({"id": french, "name": "French / Français", "iso_code": "fr", "url_code": "fr",
            "direction": "ltr", "date_format": "%d/%m/%Y", "time_format": "%H:%M:%S", "week_start": "1",
            "grouping": "[3,0]", "decimal_point": ",", "thousands_sep": "\u{a0}", "active": false})
    );
    let hebrew = admin.reference("base.lang_he").await;
    assert_eq!(
        admin.result("res.lang", "read", json!([[hebrew], ["direction"]])).await[0]["direction"],
        "rtl"
    );
    let hindi = admin.reference("base.lang_hi").await;
    assert_eq!(
        admin.result("res.lang", "read", json!([[hindi], ["grouping"]])).await[0]["grouping"],
        "[3,2,0]"
    );
    for code in [
        "en_GB",
        "de_DE",
        "es_ES",
        "es_MX",
        "pt_BR",
        "pt_PT",
        "it_IT",
        "nl_NL",
        "zh_CN",
        "zh_TW",
        "ja_JP",
        "ar_001",
        "ru_RU",
        "pl_PL",
        "sr_RS",
        "sr_RS@latin",
    ] {
        language(&admin, code).await;
    }

    let listed = app.anonymous().rpc("/web/session/get_lang_list", json!({})).await.result();
    let codes: Vec<&str> = listed.as_array().unwrap().iter().filter_map(|pair| pair[0].as_str()).collect();
    assert!(codes.len() > 100 && codes.contains(&"fr_FR") && codes.contains(&"en_US"), "{listed}");
}

#[tokio::test]
async fn a_language_is_switched_on_and_off_but_never_the_base_nor_one_in_use() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (english, french) = (language(&admin, "en_US").await, language(&admin, "fr_FR").await);
    let installed = async || admin.result("res.lang", "get_installed", json!([])).await;

    admin.result("res.lang", "write", json!([[french], {"active": true}])).await;
    assert_eq!(installed().await, json!([["en_US", "English (US)"], ["fr_FR", "French / Français"]]));
    let options = admin.result("res.partner", "fields_get", json!([["lang"], ["selection"]])).await;
    assert_eq!(
        options["lang"]["selection"],
        json!([["en_US", "English (US)"], ["fr_FR", "French / Français"]])
    );

    let refused = async |id: i64, values: Json| {
        let answer = admin.call_kw("res.lang", "write", json!([[id], values]), json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.UserError", "{answer:?}");
    };
    refused(english, json!({"active": false})).await;
    refused(french, json!({"code": "fr_XX"})).await;
    let gone = admin.call_kw("res.lang", "unlink", json!([[french]]), json!({})).await;
    assert_eq!(gone.error().1, "odoo.exceptions.UserError");

    admin.result("res.users", "write", json!([[admin.uid], {"lang": "fr_FR"}])).await;
    refused(french, json!({"active": false})).await;
    admin.result("res.users", "write", json!([[admin.uid], {"lang": "en_US"}])).await;
    admin.result("res.lang", "write", json!([[french], {"active": false}])).await;
    assert_eq!(installed().await, json!([["en_US", "English (US)"]]));
    let unknown =
        admin.call_kw("res.users", "write", json!([[admin.uid], {"lang": "fr_FR"}]), json!({})).await;
    assert_eq!(unknown.error().1, "builtins.ValueError", "an inactive language is no choice");
}

#[tokio::test]
async fn a_language_with_a_format_that_nobody_understands_is_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let made = admin
        .create("res.lang", json!({"name": "Klingon", "code": "tlh_XX", "iso_code": "tlh", "active": false}))
        .await;
    let read =
        admin.result("res.lang", "read", json!([[made], ["url_code", "date_format", "grouping"]])).await;
    assert_eq!(read[0], json!({"id": made, "url_code": "tlh", "date_format": "%m/%d/%Y", "grouping": "[]"}));

    for values in [json!({"date_format": "%Q"}), json!({"time_format": "%"}), json!({"grouping": "three"})] {
        let answer = admin.call_kw("res.lang", "write", json!([[made], values]), json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.ValidationError", "{values}");
    }
}

#[tokio::test]
async fn translations_are_told_changed_and_taken_away_by_method() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let french = language(&admin, "fr_FR").await;
    admin.result("res.lang", "write", json!([[french], {"active": true}])).await;
    let id = admin.create(MODEL, json!({"name": "Wiki", "description": "Text"})).await;

    let update = json!([[id], "name", {"fr_FR": "Le wiki", "en_US": "The wiki"}]);
    assert_eq!(admin.result(MODEL, "update_field_translations", update).await, true);
    let told = admin.result(MODEL, "get_field_translations", json!([[id], "name"])).await;
    assert_eq!(
        told,
        json!([
            [{"lang": "en_US", "source": "The wiki", "value": "The wiki"},
             {"lang": "fr_FR", "source": "The wiki", "value": "Le wiki"}],
            {"translation_type": "char", "translation_show_source": false}
        ])
    );
    admin.result(MODEL, "update_field_translations", json!([[id], "name", {"fr_FR": false}])).await;
    let told = admin.result(MODEL, "get_field_translations", json!([[id], "name", ["fr_FR"]])).await;
    assert_eq!(told[0], json!([{"lang": "fr_FR", "source": "The wiki", "value": "The wiki"}]));

    let error = async |arguments: Json| {
        admin.call_kw(MODEL, "update_field_translations", arguments, json!({})).await.error().1
    };
    assert_eq!(error(json!([[id], "name", {"en_US": false}])).await, "odoo.exceptions.ValidationError");
    assert_eq!(error(json!([[id], "description", {"en_US": false}])).await, "odoo.exceptions.UserError");
    assert_eq!(error(json!([[id], "client_id", {"fr_FR": "x"}])).await, "odoo.exceptions.UserError");
    assert_eq!(error(json!([[id], "name", {"de_DE": "x"}])).await, "odoo.exceptions.UserError");
    assert_eq!(error(json!([[id], "nothing", {"fr_FR": "x"}])).await, "builtins.ValueError");
    assert_eq!(error(json!([[id], "name", ["fr_FR"]])).await, "builtins.TypeError");

    let reader = admin.make_user("reader", &["base.group_user"]).await;
    for languages in [json!({"fr_FR": "Mine"}), json!({"fr_FR": false})] {
        let answer = reader
            .call_kw(MODEL, "update_field_translations", json!([[id], "name", languages]), json!({}))
            .await;
        assert_eq!(answer.error().1, "odoo.exceptions.AccessError");
    }
}
