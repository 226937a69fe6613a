//! What is done about a lease without going on with its run: looking at it, freeing it, giving the
//! run up. None of it touches data, services or clients.

use std::sync::Arc;

use super::RunLock;
use super::lease::{End, Held, LeaseError, Office, Standing, unheld};
use super::owner::Owner;
use super::state::{RunDir, StateDir, StateError};
use crate::inventory::Inventory;
use crate::journal::{Closed, Entry, How, Journal};
use crate::name::HostName;
use crate::remote::Transport;

/// What each host says, or why it says nothing.
pub type Seen = Vec<(HostName, Result<Standing, LeaseError>)>;

/// Why a cluster is not freed.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// Somebody works on it, or may.
    #[error(transparent)]
    Held(#[from] Held),
    /// A host did not answer.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// Lock, journal.
    #[error(transparent)]
    State(#[from] StateError),
    /// A run with nothing to give up.
    #[error("run {0} is over: there is nothing to give up")]
    Over(String),
}

/// Looks at every host; connects as needed, and waits for none longer than its limits say.
pub async fn look<T: Transport>(inventory: &Inventory, transport: &Arc<T>, remains: bool) -> Seen {
    let office = Office::of(inventory);
    if remains { office.remains(transport).await } else { office.look(transport).await }
}

/// Frees a cluster whose coordinator is gone: what would not stand in a new run's way is taken
/// away, a run that is not over keeps the cluster as a paused one. `despite`: the operator's word
/// stands in for the proof, and hosts that do not answer are left out.
pub async fn unlock<T: Transport>(
    inventory: &Inventory,
    transport: &Arc<T>,
    seen: &Seen,
    despite: bool,
) -> Result<End, HoldError> {
    let me = Owner::me();
    let known = answered(seen, despite)?;
    if !despite {
        unheld(&known, &me)?;
    }
    let keeps = known.iter().filter_map(|(_, standing)| standing.holder.as_ref()).any(|holder| holder.changes);
    let end = if keeps { End::Paused } else { End::Free };
    Office::of(inventory).seize(transport, &known, &me, end).await?;
    Ok(end)
}

/// Gives a run up: nothing goes on with it any more, the cluster is free, and everything else
/// stays as it is.
pub async fn abandon<T: Transport>(
    inventory: &Inventory,
    transport: &Arc<T>,
    state: &StateDir,
    dir: &RunDir,
    reason: String,
) -> Result<(), HoldError> {
    let me = Owner::me();
    let _lock = RunLock::take(&state.cluster(&inventory.cluster), &me)?;
    let (mut journal, history) = Journal::reopen(&dir.journal()).map_err(StateError::from)?;
    if history.is_over() {
        return Err(HoldError::Over(dir.id.to_string()));
    }
    let known = answered(&look(inventory, transport, false).await, false)?;
    unheld(&known, &me)?;
    let its = |standing: &Standing| standing.holder.as_ref().is_none_or(|holder| holder.run == dir.id);
    let its: Vec<_> = known.into_iter().filter(|(_, standing)| its(standing)).collect();
    // last: what fails before it is tried again by abandoning again
    Office::of(inventory).seize(transport, &its, &me, End::Free).await?;
    let closed = Closed { how: How::Abandoned, run: None, operator: me.who.clone(), reason };
    Ok(journal.append(Entry::Closed(closed)).map_err(StateError::from)?)
}

fn answered(seen: &Seen, some: bool) -> Result<Vec<(HostName, Standing)>, LeaseError> {
    let mut known = vec![];
    for (host, standing) in seen {
        match standing {
            Ok(standing) => known.push((host.clone(), standing.clone())),
            Err(_) if some => {}
            Err(error) => return Err(error.clone()),
        }
    }
    Ok(known)
}
