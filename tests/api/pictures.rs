//! Pictures that many store at once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::binary::{PASSWORD, Server};
use crate::support::client::User;
use crate::support::database::Scratch;

/// The most memory that a process has had so far, in megabytes.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn many_large_ones_take_no_more_memory_than_a_few() {
    let scratch = Scratch::for_test();
    let arguments = ["--admin-password", PASSWORD, "--connections", "6"];
    let server = Server::start(&scratch.path.join("data"), &arguments).await;
    let admin = User::sign_in(&server.url, "admin", PASSWORD).await;
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(3000, 3000).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let picture = STANDARD.encode(bytes.into_inner());

    let mut made = Vec::new();
    for number in 0..6 {
        let values = json!({"name": format!("P{number}"), "image_1920": picture});
        let admin = admin.clone();
        made.push(tokio::spawn(async move { admin.create("res.partner", values).await }));
    }
    let mut ids = Vec::new();
    for one in made {
        ids.push(one.await.unwrap());
    }

    // One takes 27 MB, and 70 more while it is made smaller.
    let peak = peak(server.pid());
    assert!(peak < 400, "{peak} MB");
    let read = admin.result("res.partner", "search_count", json!([[["image_128", "!=", false]]])).await;
    assert_eq!(read, ids.len());
    assert!(server.stop("-TERM").await.success());
}
