//! Hears what other servers on the same database tell by NOTIFY.
//!
//! A notice is lost while nobody listens: before the first connection does, and while one is broken. So each
//! new connection counts as a notice that anything may have changed.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc::UnboundedSender;
use tokio_postgres::AsyncMessage;
use tokio_util::sync::CancellationToken;

use super::Target;

/// Pauses between tries to connect again.
const PAUSE: Duration = Duration::from_secs(1);

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Another server said so.
    Heard(String),
    /// From now on notices are heard: anything may have been missed before.
    Listening,
}

/// Listens on `channel` and passes on each notice until `stop`.
pub async fn listen(
    target: Target,
    channel: &'static str,
    notices: UnboundedSender<Notice>,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            ended = follow(&target, channel, &notices) => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "lost the connection that hears of changes; connecting again");
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn follow(
    target: &Target,
    channel: &'static str,
    notices: &UnboundedSender<Notice>,
) -> Result<(), tokio_postgres::Error> {
    let target = target.clone().named("oregional listener");
    let (config, tls) = target.parts();
    let (client, mut connection) = config.connect(tls).await?;
    let messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
    tokio::pin!(messages);
    let listen = format!("LISTEN {channel}");
    let mut listening = std::pin::pin!(client.batch_execute(&listen));
    let mut ready = false;
    loop {
        tokio::select! {
            done = &mut listening, if !ready => {
                done?;
                ready = true;
                // The receiver is gone only when the server stops.
                _ = notices.send(Notice::Listening);
            }
            message = messages.next() => match message {
                Some(Ok(AsyncMessage::Notification(notice))) => {
                    _ = notices.send(Notice::Heard(notice.payload().to_owned()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            }
        }
    }
}
