//! An authorization whose record is changed by hand: it reports, and what it tells to end does end.

use serde_json::json;

use super::support::App;
use crate::support::app::TestApp;

#[tokio::test]
async fn to_clear_the_expiry_of_a_grant_is_to_revoke_its_tokens() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    for field in ["access_token_expiry", "refresh_token_expiry"] {
        let tokens = wiki.sign_in(&admin).await;
        let grants = admin
            .result("oregional.authorization", "search", json!([[["application_id", "=", wiki.id]]]))
            .await;
        assert!(wiki.is_active(&tokens.access).await && wiki.is_active(&tokens.refresh).await);

        admin.result("oregional.authorization", "write", json!([grants, {field: false}])).await;

        assert!(!wiki.is_active(&tokens.access).await, "{field}");
        assert!(!wiki.is_active(&tokens.refresh).await, "{field}");
        let noted = app.database.query("SELECT 1 FROM audit_log WHERE event = 'revoke' AND user_id = 2");
        assert_eq!(noted.len(), if field == "access_token_expiry" { 1 } else { 2 }, "{field}");
    }
}
