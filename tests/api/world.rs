//! Countries, currencies, contacts and their addresses, kept filters.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

const PARTNER: &str = "res.partner";
const FILTERS: &str = "ir.filters";

async fn read(user: &User, model: &str, id: i64, fields: Json) -> Json {
    let mut read = user.result(model, "read", json!([[id], fields])).await[0].clone();
    read.as_object_mut().unwrap().remove("id");
    read
}

#[tokio::test]
async fn all_countries_their_states_and_currencies_are_there_under_odoos_external_ids() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let count = async |model: &str| {
        admin
            .call_kw(model, "search_count", json!([[]]), json!({"context": {"active_test": false}}))
            .await
            .result()
    };
    assert!(count("res.country").await.as_i64().unwrap() >= 249);
    assert!(count("res.country.state").await.as_i64().unwrap() > 4500);
    assert!(count("res.currency").await.as_i64().unwrap() >= 150);

    let us = admin.reference("base.us").await;
    let told = read(&admin, "res.country", us, json!(["name", "code", "phone_code", "currency_id"])).await;
    let usd = admin.reference("base.USD").await;
    assert_eq!(
        told,
        json!({"name": "United States", "code": "US", "phone_code": 1, "currency_id": [usd, "USD"]})
    );
    let california = admin.reference("base.state_us_ca").await;
    let told =
        read(&admin, "res.country.state", california, json!(["name", "code", "display_name", "country_id"]))
            .await;
    assert_eq!(
        told,
        json!({"name": "California", "code": "CA", "display_name": "California (US)",
        "country_id": [us, "United States"]})
    );

    let yen = admin.reference("base.JPY").await;
    let told = read(
        &admin,
        "res.currency",
        yen,
        json!(["name", "symbol", "decimal_places", "active", "iso_numeric"]),
    )
    .await;
    assert_eq!(
        told,
        json!({"name": "JPY", "symbol": "\u{a5}", "decimal_places": 0, "active": false, "iso_numeric": 392})
    );
    let active = admin.result("res.currency", "search_read", json!([[], ["name", "position"]])).await;
    let names: Vec<Json> =
        active.as_array().unwrap().iter().map(|one| json!([one["name"], one["position"]])).collect();
    assert_eq!(names, [json!(["EUR", "after"]), json!(["USD", "before"])]);
    let company = admin.reference("base.main_company").await;
    assert_eq!(
        read(&admin, "res.company", company, json!(["currency_id"])).await["currency_id"],
        json!([usd, "USD"])
    );

    let archived = admin.call_kw("res.currency", "write", json!([[usd], {"active": false}]), json!({})).await;
    assert_eq!(archived.error().1, "odoo.exceptions.UserError");
    let found = admin
        .call_kw("res.country", "name_search", json!(["DE"]), json!({"operator": "=", "limit": 1}))
        .await;
    assert_eq!(found.result()[0][1], "Germany");
    let lower = admin.create("res.country", json!({"name": "Utopia", "code": "qq"})).await;
    assert_eq!(read(&admin, "res.country", lower, json!(["code"])).await["code"], "QQ");
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    assert_eq!(read(&reader, "res.country", us, json!(["code"])).await["code"], "US");
    let refused = reader.call_kw("res.country", "write", json!([[us], {"code": "XX"}]), json!({})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.AccessError");
}

#[tokio::test]
async fn the_users_that_stand_for_others_are_there_and_cannot_sign_in() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for (name, login, id, partner) in [
        ("base.default_user", "default", 3, "base.default_user_res_partner"),
        ("base.public_user", "public", 4, "base.public_partner"),
        ("base.template_portal_user_id", "portaltemplate", 5, "base.template_portal_user_id_res_partner"),
    ] {
        assert_eq!(admin.reference(name).await, id, "{name}");
        let told = read(&admin, "res.users", id, json!(["login", "active", "partner_id"])).await;
        assert_eq!((&told["login"], &told["active"]), (&json!(login), &json!(false)));
        assert_eq!(told["partner_id"][0], admin.reference(partner).await);
        for password in ["", login, "admin"] {
            assert_eq!(
                app.anonymous().authenticate(login, password).await.error().1,
                "odoo.exceptions.AccessDenied"
            );
        }
    }
    let portal = admin.make_user("visitor", &["base.group_portal"]).await;
    let seen = portal.result(PARTNER, "search", json!([[]])).await;
    let own = read(&admin, "res.users", portal.uid, json!(["partner_id"])).await["partner_id"][0].clone();
    assert_eq!(seen, json!([own]), "a visitor sees other contacts");
}

#[tokio::test]
async fn a_contact_shares_the_address_of_its_company() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (france, paris) = (admin.reference("base.fr").await, admin.reference("base.state_fr_idf").await);
    let address = json!(["street", "zip", "city", "country_id", "state_id", "vat"]);
    let at = |street: Json, vat: Json| {
        json!({"street": street, "zip": "75001", "city": "Paris", "country_id": [france, "France"],
            "state_id": [paris, "\u{ce}le-de-France (FR)"], "vat": vat})
    };
    let company = admin
        .create(
            PARTNER,
            json!({"name": "Acme", "company_type": "company", "street": "1 rue A", "zip": "75001",
            "city": "Paris", "country_id": france, "state_id": paris, "vat": "FR1"}),
        )
        .await;
    let ann =
        admin.create(PARTNER, json!({"name": "Ann", "parent_id": company, "street": "elsewhere"})).await;
    let shop = admin
        .create(
            PARTNER,
            json!({"name": "Shop", "parent_id": company, "type": "delivery", "street": "2 rue B"}),
        )
        .await;
    let desk = admin.create(PARTNER, json!({"name": "Desk", "parent_id": ann})).await;
    assert_eq!(read(&admin, PARTNER, ann, address.clone()).await, at(json!("1 rue A"), json!("FR1")));
    assert_eq!(
        read(&admin, PARTNER, shop, json!(["street", "city"])).await,
        json!({"street": "2 rue B", "city": false})
    );

    admin.result(PARTNER, "write", json!([[company], {"street": "3 rue C", "vat": "FR2"}])).await;
    for person in [ann, desk] {
        assert_eq!(read(&admin, PARTNER, person, address.clone()).await, at(json!("3 rue C"), json!("FR2")));
    }
    assert_eq!(
        read(&admin, PARTNER, shop, json!(["street", "vat"])).await,
        json!({"street": "2 rue B", "vat": "FR2"})
    );

    let told = read(
        &admin,
        PARTNER,
        ann,
        json!([
            "contact_address",
            "commercial_company_name",
            "commercial_partner_id",
            "display_name",
            "country_code",
            "parent_name",
            "email_formatted"
        ]),
    )
    .await;
    assert_eq!(
        told,
        json!({"contact_address": "Acme\n3 rue C\nParis IDF 75001\nFrance", "commercial_company_name": "Acme",
            "commercial_partner_id": [company, "Acme"], "display_name": "Acme, Ann", "country_code": "FR",
            "parent_name": "Acme", "email_formatted": false})
    );

    let circle = admin.call_kw(PARTNER, "write", json!([[company], {"parent_id": desk}]), json!({})).await;
    assert_eq!(circle.error().1, "odoo.exceptions.ValidationError");
}

#[tokio::test]
async fn the_first_contact_of_a_company_without_an_address_brings_it_along() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let new = admin.create(PARTNER, json!({"name": "New", "is_company": true})).await;
    admin
        .create(PARTNER, json!({"name": "Bob", "parent_id": new, "street": "4 rue D", "city": "Lyon"}))
        .await;
    assert_eq!(
        read(&admin, PARTNER, new, json!(["street", "city"])).await,
        json!({"street": "4 rue D", "city": "Lyon"})
    );
}

#[tokio::test]
async fn contacts_are_found_by_email_and_reference_and_choose_zones_and_languages() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin
        .create(
            PARTNER,
            json!({"name": "Zoe", "email": "zoe@example.com", "ref": "Z-7", "tz": "Europe/Paris"}),
        )
        .await;
    for name in ["zoe@example", "Z-7", "zoe"] {
        let found = admin.result(PARTNER, "name_search", json!([name])).await;
        assert_eq!(found, json!([[id, "Zoe"]]), "{name}");
    }
    let told = read(&admin, PARTNER, id, json!(["email_formatted", "lang", "tz", "company_type"])).await;
    assert_eq!(
        told,
        json!({"email_formatted": "\"Zoe\" <zoe@example.com>", "lang": "en_US", "tz": "Europe/Paris",
        "company_type": "person"})
    );
    for values in [json!({"tz": "Moon/Crater"}), json!({"lang": "xx_XX"})] {
        let refused = admin.call_kw(PARTNER, "write", json!([[id], values]), json!({})).await;
        assert_eq!(refused.error().1, "builtins.ValueError", "{values}");
    }
    let zones = admin.result(PARTNER, "fields_get", json!([["tz", "lang"], ["type", "selection"]])).await;
    assert_eq!([&zones["tz"]["type"], &zones["lang"]["type"]], ["selection", "selection"]);
    assert!(zones["tz"]["selection"].as_array().unwrap().len() > 400);
    assert_eq!(zones["lang"]["selection"], json!([["en_US", "English (US)"]]));

    let company = admin
        .create(
            "res.company",
            json!({"name": "Second", "city": "Bern", "country_id": admin.reference("base.ch").await}),
        )
        .await;
    let told = read(&admin, "res.company", company, json!(["city", "country_code"])).await;
    assert_eq!(told, json!({"city": "Bern", "country_code": "CH"}));
}

#[tokio::test]
async fn a_filter_is_its_owners_or_everybodys() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let bob = admin.make_user("bob", &["base.group_user"]).await;
    let filter =
        |name: &str, user: Json| json!({"name": name, "user_id": user, "model_id": PARTNER, "domain": "[]"});
    let own = ann.create(FILTERS, filter("Own", json!(ann.uid))).await;
    let shared = admin.create(FILTERS, filter("Shared", json!(false))).await;
    let names = async |user: &User| {
        let told = user.result(FILTERS, "get_filters", json!([PARTNER])).await;
        told.as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<String>>()
    };
    assert_eq!(names(&ann).await, ["Own", "Shared"]);
    assert_eq!(names(&bob).await, ["Shared"]);
    let refused = async |user: &User, method: &str, arguments: Json| {
        let answer = user.call_kw(FILTERS, method, arguments, json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.AccessError", "{method}");
    };
    refused(&bob, "read", json!([[own], ["name"]])).await;
    refused(&bob, "write", json!([[own], {"name": "Mine"}])).await;
    refused(&bob, "unlink", json!([[own]])).await;
    refused(&bob, "unlink", json!([[shared]])).await;
    refused(&bob, "create", json!([filter("For Ann", json!(ann.uid))])).await;

    let told = ann.result(FILTERS, "get_filters", json!([PARTNER])).await;
    assert_eq!(
        told[0],
        json!({"id": own, "name": "Own", "is_default": false, "domain": "[]", "context": "{}",
        "user_id": [ann.uid, "ann"], "sort": "[]"})
    );
    let mut again = filter("OWN", json!(ann.uid));
    again["domain"] = "[('name', '=', 'x')]".into();
    assert_eq!(ann.result(FILTERS, "create_or_replace", json!([again])).await, own);
    let new = ann.result(FILTERS, "create_or_replace", json!([filter("Other", json!(ann.uid))])).await;
    assert_ne!(new, own);
    ann.result(FILTERS, "unlink", json!([[own]])).await;
    let unknown =
        ann.call_kw(FILTERS, "create", json!([{"name": "x", "model_id": "no.model"}]), json!({})).await;
    assert_eq!(unknown.error().1, "builtins.ValueError");
    let sort = ann.call_kw(FILTERS, "write", json!([[new], {"sort": "name"}]), json!({})).await;
    assert_eq!(sort.error().1, "odoo.exceptions.ValidationError");
}

#[tokio::test]
async fn an_address_goes_down_a_chain_of_a_thousand_contacts() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let top = admin.create(PARTNER, json!({"name": "Top", "is_company": true})).await;
    app.database.query(&format!(
        "INSERT INTO res_partner (id, name, type, active, parent_id, commercial_partner_id)
         SELECT 100000 + n, 'p' || n, 'contact', true, CASE n WHEN 1 THEN {top} ELSE 99999 + n END, {top}
         FROM generate_series(1, 1000) AS n"
    ));

    admin.result(PARTNER, "write", json!([[top], {"street": "5 rue E", "vat": "FR3"}])).await;

    let last = read(&admin, PARTNER, 101_000, json!(["street", "vat"])).await;
    assert_eq!(last, json!({"street": "5 rue E", "vat": "FR3"}));
    let found = admin.result(PARTNER, "search_count", json!([[["street", "=", "5 rue E"]]])).await;
    assert_eq!(found, 1001);
}

#[tokio::test]
async fn contacts_that_belong_to_each_other_keep_no_call_for_ever() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let one = admin.create(PARTNER, json!({"name": "One"})).await;
    let two = admin.create(PARTNER, json!({"name": "Two", "parent_id": one})).await;
    // What two calls at the same time can do: neither sees the circle.
    app.database.query(&format!("UPDATE res_partner SET parent_id = {two} WHERE id = {one}"));

    let written = admin.call_kw(PARTNER, "write", json!([[one], {"street": "6 rue F"}]), json!({}));
    let written = tokio::time::timeout(std::time::Duration::from_secs(30), written).await.unwrap();

    assert_eq!(written.result(), true);
    assert_eq!(read(&admin, PARTNER, two, json!(["street"])).await, json!({"street": "6 rue F"}));
}
