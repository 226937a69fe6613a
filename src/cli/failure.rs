//! The one table from the library's errors to exit codes and hints.

use super::exit::{ExitCode, Failure};
use crate::catalogue::CatalogueError;
use crate::config::ConfigError;
use crate::engine::EngineError;
use crate::inventory::{InventoryError, PasswordError};
use crate::remote::TransportError;
use crate::remote::ssh::SshSetupError;
use crate::run::conduct::ConductError;
use crate::run::hold::HoldError;
use crate::run::lease::LeaseError;
use crate::run::recover::RecoverError;
use crate::run::{OfError, PrepareError, StateError};

impl From<InventoryError> for Failure {
    fn from(error: InventoryError) -> Self {
        let failure = Self::of(ExitCode::Invalid, &error);
        match error {
            InventoryError::Unreadable { .. } => failure.hint("name it with -i FILE or RESEED_INVENTORY"),
            InventoryError::Invalid { .. } => failure,
        }
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        Self::of(ExitCode::Invalid, &error)
    }
}

impl From<SshSetupError> for Failure {
    fn from(error: SshSetupError) -> Self {
        Self::of(ExitCode::Invalid, &error)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let code = match &error {
            StateError::Busy { .. } | StateError::Unfinished { .. } => ExitCode::Busy,
            StateError::Unknown { .. } | StateError::Ambiguous { .. } => ExitCode::Usage,
            StateError::Io { .. } | StateError::Journal(_) => ExitCode::Internal,
        };
        let failure = Self::of(code, &error);
        match error {
            StateError::Unfinished { run, .. } => {
                failure.hint(format!("reseed resume {run}, reseed rollback {run}, or reseed abandon {run}"))
            }
            StateError::Busy { .. } => failure.hint("reseed status"),
            StateError::Unknown { .. } | StateError::Ambiguous { .. } => failure.hint("reseed runs"),
            _ => failure,
        }
    }
}

impl From<ConductError> for Failure {
    fn from(error: ConductError) -> Self {
        match error {
            ConductError::State(error) => error.into(),
            ConductError::Earlier(error) => error.into(),
            ConductError::Prepare(error) => error.into(),
            ConductError::Engine(EngineError::Journal(error)) => Self::of(ExitCode::Internal, &error)
                .hint("free space where the state directory is, then `reseed resume`"),
            ConductError::Engine(error @ EngineError::Fenced { .. }) => {
                Self::of(ExitCode::Busy, &error).hint("reseed status")
            }
            ConductError::Engine(error @ EngineError::Script(_)) => Self::of(ExitCode::Invalid, &error),
            ConductError::Lease(error) => error.into(),
            ConductError::Foreign(_) => Self::of(ExitCode::Invalid, &error),
        }
    }
}

impl From<LeaseError> for Failure {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Held(held) => Self::of(ExitCode::Busy, &held).hint(held.next()),
            LeaseError::Transport(error) => error.into(),
            LeaseError::Unknown { ref run, .. } => {
                let hint = format!(
                    "put its address right in the inventory; if that machine was replaced: reseed abandon {run}, then restore anew"
                );
                Self::of(ExitCode::Refused, &error).hint(hint)
            }
            LeaseError::Host { .. } | LeaseError::Stranger { .. } => Self::of(ExitCode::Refused, &error),
        }
    }
}

impl From<HoldError> for Failure {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Held(held) => Self::of(ExitCode::Busy, &held).hint(
                "wait until it ends or is silent for ten minutes; or reseed unlock --override lease --reason TEXT",
            ),
            HoldError::Lease(error) => error.into(),
            HoldError::State(error) => error.into(),
            HoldError::Over(_) => Self::of(ExitCode::Usage, &error).hint("reseed runs"),
        }
    }
}

impl From<RecoverError> for Failure {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Lease(error) => error.into(),
            RecoverError::Prepare(error) => error.into(),
            RecoverError::State(error) => error.into(),
            RecoverError::Unknown | RecoverError::Several(_) => Self::of(ExitCode::Usage, &error).hint("reseed status"),
            RecoverError::NoHead(_) => Self::of(ExitCode::Invalid, &error)
                .hint("find the old state directory and name it with --state-dir; or reseed abandon"),
        }
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        let (code, next) = crate::run::verdict(&error);
        let failure = Self::of(ExitCode::of_number(code), &error);
        if next.is_empty() { failure } else { failure.hint(next) }
    }
}

impl From<OfError> for Failure {
    fn from(error: OfError) -> Self {
        let failure = Self::of(ExitCode::Refused, &error);
        match error {
            OfError::State(error) => error.into(),
            OfError::Unfit { next, .. } if !next.is_empty() => failure.hint(next),
            OfError::Unfit { .. } | OfError::NoPlan(_) => failure,
        }
    }
}

impl From<CatalogueError> for Failure {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::Transport(error) => error.into(),
            CatalogueError::Unknown { .. } => Self::of(ExitCode::Invalid, &error).hint("reseed backups list"),
            CatalogueError::Script { .. } => Self::of(ExitCode::Refused, &error),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Transport(error) => error.into(),
            other => PrepareError::Config(other).into(),
        }
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        PrepareError::Hosts(vec![error]).into()
    }
}
