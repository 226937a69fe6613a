//! The one table from the library's errors to exit codes and hints.

use super::exit::{ExitCode, Failure};
use crate::engine::EngineError;
use crate::inventory::{InventoryError, PasswordError};
use crate::remote::TransportError;
use crate::remote::ssh::SshSetupError;
use crate::run::conduct::ConductError;
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
            StateError::Busy { .. } => ExitCode::Busy,
            StateError::Unknown { .. } | StateError::Ambiguous { .. } => ExitCode::Usage,
            StateError::Io { .. } | StateError::Journal(_) => ExitCode::Internal,
        };
        let failure = Self::of(code, &error);
        match error {
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
            ConductError::Prepare(error) => error.into(),
            ConductError::Engine(EngineError::Journal(error)) => Self::of(ExitCode::Internal, &error)
                .hint("free space where the state directory is, then `reseed resume`"),
            ConductError::Engine(error @ EngineError::Fenced { .. }) => {
                Self::of(ExitCode::Busy, &error).hint("reseed status")
            }
            ConductError::Engine(error @ EngineError::Script(_)) => Self::of(ExitCode::Invalid, &error),
            ConductError::NoPlan(_) => Self::of(ExitCode::Invalid, &error),
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

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        PrepareError::Hosts(vec![error]).into()
    }
}
