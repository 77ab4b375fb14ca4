//! One call's hold on a pooled connection: statements, the transaction that begins with the first
//! of them, and the check that rides along.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;

use deadpool_postgres::Object;
use futures_util::future::join_all;
use tokio_postgres::{CancelToken, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Pool;
use super::error::{away, of_keeping, was_broken_off};
use super::group_commit::{GroupCommit, Way};
use super::shared;
use super::sql::Sql;
use super::statement::{self, Answer, Outcome, Rendered, outcome};
use super::value::Param;
use crate::error::{Error, Result};

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";

const BEGIN_READ_ONLY: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Each statement stands alone.
    Plain,
    /// The next statement takes BEGIN with it: no round trip is spent on it.
    Wanted,
    /// A transaction is open.
    Open,
    /// The one statement of a call has been kept by itself: no other may follow.
    Sealed,
}

/// One call's connection of a pool, which is taken with the first statement and held until this is dropped.
pub struct Connection {
    pool: Option<Pool>,
    client: OnceCell<Object>,
    state: Cell<State>,
    is_read_only: Cell<bool>,
    rider: RefCell<Option<Sql>>,
    told: RefCell<Option<Sql>>,
    /// How many answers are awaited.
    awaited: Cell<usize>,
    /// Whether it was broken off, which the driver may notice later.
    is_broken: Cell<bool>,
}

type Prepared = (Statement, Vec<Param>);

impl Connection {
    pub(super) fn new(pool: Pool) -> Self {
        Self::over(Some(pool))
    }

    fn over(pool: Option<Pool>) -> Self {
        Self {
            pool,
            client: OnceCell::new(),
            state: Cell::new(State::Plain),
            is_read_only: Cell::new(false),
            rider: RefCell::new(None),
            told: RefCell::new(None),
            awaited: Cell::new(0),
            is_broken: Cell::new(false),
        }
    }

    /// A connection to nothing, for tests of what needs none.
    #[cfg(test)]
    pub(crate) fn detached() -> Self {
        Self::over(None)
    }

    /// Lets `check` travel with the next statement. When it finds no row, that statement fails with
    /// [`Error::SessionExpired`] and nothing of the call is kept.
    pub fn set_rider(&self, check: Sql) {
        *self.rider.borrow_mut() = Some(check);
    }

    /// Lets each transaction begin with a condition that always holds, and that sets for its length what the
    /// database is to know of the call. It takes no way of its own where a check travels anyway.
    pub fn tell(&self, setting: Sql) {
        debug_assert!(self.state.get() != State::Open, "the transaction has begun without it");
        *self.told.borrow_mut() = Some(setting);
    }

    /// What travels with the statement that begins a transaction.
    fn opening(&self, check: Option<Sql>) -> Option<Sql> {
        match (check, self.told.borrow().clone()) {
            (Some(check), Some(told)) => Some(check.and_text(" AND ").then(told)),
            (None, Some(told)) => Some(Sql::text("SELECT 1 WHERE ").then(told)),
            (check, None) => check,
        }
    }

    /// Whether a transaction is open, whose view of the database may be older than now.
    pub fn is_open(&self) -> bool {
        self.state.get() == State::Open
    }

    /// Opens a transaction with the next statement.
    pub fn begin(&self) {
        if self.state.get() == State::Plain {
            self.state.set(State::Wanted);
        }
    }

    /// The same for a transaction in which the database itself refuses every change.
    pub fn begin_read_only(&self) {
        self.is_read_only.set(true);
        self.begin();
    }

    /// The rows of a statement.
    pub async fn query(&self, sql: Sql) -> Result<Vec<Row>> {
        Ok(self.run(sql).await?.rows)
    }

    async fn run(&self, sql: Sql) -> Result<Outcome> {
        Ok(self.run_all(vec![sql]).await?.pop().unwrap_or_default())
    }

    /// The rows of a statement that `build` makes around a condition: the check that waits to travel
    /// along, if one does. That spares a statement of its own; only where no row comes back the
    /// check is asked by itself, to tell "nothing found" from "not allowed in".
    pub async fn query_guarded(&self, build: impl FnOnce(Option<Sql>) -> Sql) -> Result<Vec<Row>> {
        let check = self.rider.borrow_mut().take();
        Ok(self.run_under(check, build, async |sql| self.run(sql).await).await?.rows)
    }

    /// The same for a statement that only reads: where nothing binds the call to a connection, it is sent on one
    /// that others are on as well.
    pub async fn read_guarded(&self, build: impl FnOnce(Option<Sql>) -> Sql) -> Result<Vec<Row>> {
        let check = self.rider.borrow_mut().take();
        Ok(self.run_under(check, build, async |sql| self.read(sql).await).await?.rows)
    }

    async fn read(&self, sql: Sql) -> Result<Outcome> {
        let is_free = self.state.get() == State::Plain && self.client.get().is_none();
        let Some(pool) = self.pool.as_ref().filter(|_| is_free) else { return self.run(sql).await };
        let statement = Arc::new(Rendered::new(sql)?);
        if let Some(outcome) = shared::read(pool, &statement).await? {
            return Ok(outcome);
        }
        let prepared = self.prepare(&statement).await?;
        self.checked(self.hear(outcome(self.client().await?, &prepared, &statement.params)).await)
    }

    async fn run_under(
        &self,
        check: Option<Sql>,
        build: impl FnOnce(Option<Sql>) -> Sql,
        run: impl AsyncFnOnce(Sql) -> Result<Outcome>,
    ) -> Result<Outcome> {
        let Some(check) = check else { return run(build(None)).await };
        let condition = Sql::text("EXISTS (").then(check.clone()).and_text(")");
        let outcome = run(build(Some(condition))).await?;
        if outcome.count == 0 && self.query(check).await?.is_empty() {
            return Err(Error::SessionExpired);
        }
        Ok(outcome)
    }

    /// The same for the only statement of a call that changes something, and changes one row or none, that of
    /// `record` if it is there already: it is kept when this returns. Nothing may follow one.
    pub async fn run_sole(
        &self,
        record: Option<i64>,
        build: impl FnOnce(Option<Sql>) -> Sql,
    ) -> Result<Outcome> {
        let check = self.rider.borrow_mut().take();
        // Without a transaction of its own nothing would hold it to reading.
        let is_alone = self.state.get() == State::Wanted && !self.is_read_only.get();
        if !is_alone {
            return self.run_under(check, build, async |sql| self.run(sql).await).await;
        }
        self.state.set(State::Plain);
        let keep = async |sql| self.keep(record, Rendered::new(sql)?).await;
        let outcome = self.run_under(self.opening(check), build, keep).await;
        if matches!(outcome, Err(Error::InDoubt)) {
            // As after a failed COMMIT: the connection must not be used again.
            self.state.set(State::Open);
        }
        let outcome = outcome?;
        self.state.set(if outcome.count == 0 { State::Wanted } else { State::Sealed });
        Ok(outcome)
    }

    /// Runs a statement that is a transaction by itself, or with others that are.
    async fn keep(&self, record: Option<i64>, statement: Rendered) -> Result<Outcome> {
        // What says nothing of its call would be taken for part of the call before it; and whoever has a
        // connection already must not wait for those who need one.
        let may_share = self.told.borrow().is_some() && self.client.get().is_none();
        let Some(pool) = self.pool.as_ref().filter(|_| may_share) else {
            return self.keep_apart(statement).await;
        };
        match GroupCommit::join(pool, record, statement).await? {
            Way::Kept(outcome) => Ok(outcome),
            Way::Apart(statement, None) => self.keep_apart(statement).await,
            Way::Apart(statement, Some(pass)) => pass.during(self.keep_apart(statement)).await,
        }
    }

    async fn keep_apart(&self, statement: Rendered) -> Result<Outcome> {
        let prepared = self.prepare(&statement).await?;
        let client = self.client().await?;
        // What was never sent was never kept.
        if client.is_closed() {
            return Err(away());
        }
        let answer = self.hear(outcome(client, &prepared, &statement.params)).await;
        self.checked_as(answer, of_keeping)
    }

    /// The rows of several statements, sent together: one round trip for all of them. They run in
    /// their order; the first failure is the answer.
    pub async fn query_all(&self, statements: Vec<Sql>) -> Result<Vec<Vec<Row>>> {
        Ok(self.run_all(statements).await?.into_iter().map(|outcome| outcome.rows).collect())
    }

    async fn run_all(&self, statements: Vec<Sql>) -> Result<Vec<Outcome>> {
        if !statements.is_empty() {
            self.check_open()?;
        }
        let begins = self.state.get() == State::Wanted;
        let check = self.rider.borrow_mut().take();
        let has_to_hold = check.is_some();
        let rider = if begins { self.opening(check) } else { check };
        let rides = rider.is_some();
        let mut prepared = Vec::with_capacity(statements.len() + 1);
        for sql in rider.into_iter().chain(statements) {
            let statement = Rendered::new(sql)?;
            prepared.push((self.prepare(&statement).await?, statement.params));
        }
        if begins {
            self.state.set(State::Open);
        }
        let answers = self.send(begins, &prepared).await;
        let mut outcomes = Vec::with_capacity(prepared.len());
        for answer in answers {
            outcomes.push(answer?);
        }
        if rides && outcomes.remove(0).count == 0 && has_to_hold {
            return Err(Error::SessionExpired);
        }
        Ok(outcomes)
    }

    /// How many rows a statement changed.
    pub async fn execute(&self, sql: Sql) -> Result<u64> {
        self.check_open()?;
        let statement = Rendered::new(sql)?;
        let prepared = self.prepare(&statement).await?;
        self.settle().await?;
        let answer = self.hear(outcome(self.client().await?, &prepared, &statement.params)).await;
        Ok(self.checked(answer)?.count)
    }

    /// Runs statements without parameters, as they stand in a file.
    pub async fn batch(&self, text: &str) -> Result<()> {
        self.check_open()?;
        self.settle().await?;
        self.checked(self.hear(self.client().await?.batch_execute(text)).await)
    }

    /// Whether another statement may come: each way to send one asks.
    fn check_open(&self) -> Result<()> {
        match self.state.get() {
            State::Sealed => {
                Err(Error::Internal("a statement follows the one that was to be the only one".to_owned()))
            }
            State::Plain | State::Wanted | State::Open => Ok(()),
        }
    }

    /// Sends what waits to travel with a statement, when none came.
    pub async fn settle(&self) -> Result<()> {
        if self.rider.borrow().is_some() || self.state.get() == State::Wanted {
            self.query_all(Vec::new()).await?;
        }
        Ok(())
    }

    /// Ends the transaction, if one is open, and keeps its work.
    pub async fn commit(&self) -> Result<()> {
        if self.state.replace(State::Plain) == State::Open
            && let Err(error) = self.send_commit().await
        {
            // The connection must not be used again.
            self.state.set(State::Open);
            return Err(error);
        }
        Ok(())
    }

    async fn send_commit(&self) -> Result<()> {
        let client = self.client().await?;
        // What was never sent was never kept.
        if client.is_closed() {
            return Err(away());
        }
        self.hear(client.batch_execute("COMMIT")).await.map_err(of_keeping)
    }

    /// Ends the transaction, if one is open, and drops its work. A connection that cannot even do
    /// that is closed, which drops the work as well.
    pub async fn rollback(&self) {
        self.rider.borrow_mut().take();
        if self.state.replace(State::Plain) == State::Open
            && let Some(client) = self.client.get()
            && self.hear(client.batch_execute("ROLLBACK")).await.is_err()
        {
            self.state.set(State::Open);
        }
    }

    async fn send(&self, begins: bool, prepared: &[Prepared]) -> Vec<Result<Outcome>> {
        let client = match self.client().await {
            Ok(client) => client,
            Err(error) => return vec![Err(error)],
        };
        // The driver puts a request on the wire when its future is first polled, so the order of
        // polling is the order of the statements.
        let begin = if self.is_read_only.get() { BEGIN_READ_ONLY } else { BEGIN };
        let begin = async { if begins { client.batch_execute(begin).await } else { Ok(()) } };
        let queries = async {
            match prepared {
                [(one, params)] => vec![outcome(client, one, params).await],
                several => join_all(several.iter().map(|(each, params)| outcome(client, each, params))).await,
            }
        };
        let (begun, answers) = self.hear(futures_util::future::join(begin, queries)).await;
        if let Err(error) = begun {
            // Without a transaction each statement is kept by itself.
            let is_in_doubt = !self.is_read_only.get() && answers.iter().any(std::result::Result::is_ok);
            return vec![Err(if is_in_doubt { Error::InDoubt } else { error.into() })];
        }
        answers.into_iter().map(|answer| self.checked(answer)).collect()
    }

    async fn prepare(&self, statement: &Rendered) -> Result<Statement> {
        let client = self.client().await?;
        self.checked(self.hear(statement.prepare(client)).await)
    }

    /// Waits for an answer. Whoever is dropped meanwhile leaves it counted: the connection is still busy.
    async fn hear<T>(&self, answer: impl Future<Output = T>) -> T {
        self.awaited.set(self.awaited.get() + 1);
        let heard = answer.await;
        self.awaited.set(self.awaited.get() - 1);
        heard
    }

    pub(super) async fn client(&self) -> Result<&Object> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let pool = self.pool.as_ref().ok_or_else(|| Error::Internal("there is no database".to_owned()))?;
        let client = pool.inner.get().await?;
        Ok(self.client.get_or_init(|| client))
    }

    fn checked<T>(&self, answer: Answer<T>) -> Result<T> {
        self.checked_as(answer, Error::from)
    }

    fn checked_as<T>(&self, answer: Answer<T>, fault: impl Fn(tokio_postgres::Error) -> Error) -> Result<T> {
        answer.map_err(|error| {
            self.is_broken.set(self.is_broken.get() || was_broken_off(&error));
            if let Some(client) = self.client.get() {
                statement::forget_stale(client, &error);
            }
            fault(error)
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A call that was dropped half-way (its client hung up) leaves a transaction open, or a statement under
        // way, behind which the next call would wait. Closing the connection ends the one; the other would go on
        // for nobody, beside the connections that the pool counts. The pool makes another.
        let is_busy = self.awaited.get() > 0;
        if (is_busy || self.is_broken.get() || self.state.get() == State::Open)
            && let Some(client) = self.client.take()
        {
            if is_busy && let Some(pool) = self.pool.take() {
                give_up(client.cancel_token(), pool.tls);
            }
            drop(Object::take(client));
        }
    }
}

/// Tells the database that nobody waits for an answer any more. The connection is used no more, so that no other
/// statement can be meant.
pub(super) fn give_up(token: CancelToken, tls: MakeRustlsConnect) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(async move {
        if let Ok(Err(error)) = tokio::time::timeout(super::PATIENCE, token.cancel_query(tls)).await {
            tracing::debug!(%error, "the database could not be told to give a statement up");
        }
    });
}
