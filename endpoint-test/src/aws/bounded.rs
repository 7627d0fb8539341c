//! A limit for model responses: the SDK reads them whole, and an endless one fills the memory.

use std::error::Error;

use aws_sdk_s3::primitives::SdkBody;
use aws_sdk_sagemakerruntime::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_sagemakerruntime::config::{ConfigBag, Intercept, RuntimeComponents};
use call_fault::sdk::sources;
use http_body_util::{LengthLimitError, Limited};

use crate::target::MAX_BODY;

/// Cuts responses off after [`MAX_BODY`] bytes, before the SDK reads them.
#[derive(Debug)]
pub(super) struct Bounded;

impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "Bounded"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(whole, MAX_BODY));
        Ok(())
    }
}

pub(super) fn is_cut_off(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(<dyn Error>::is::<LengthLimitError>)
}
