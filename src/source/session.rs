//! One fetch of one source, over all its pages.
//!
//! In: a source and the copy that is here. Out: all that came, or that nothing has changed. Never: more than the limit of
//! all pages together.

use std::collections::BTreeSet;

use reqwest::header::HeaderMap;
use tokio::time::Instant;
use url::Url;

use super::ask::{Answer, Question, Refused, Said, Validators};
use super::format::known;
use super::net::{Net, Times};
use super::record::Kept;
use super::{Fault, Options, pick};
use crate::data::MAX_BYTES;

/// How many pages are fetched.
const PAGES: usize = 100;

/// What came, all pages together.
pub(super) struct Whole {
    pub body: Vec<u8>,
    pub content_type: Option<String>,
    pub validators: Validators,
    /// The rows were taken out of answers, and are a list of their own.
    pub is_picked: bool,
}

/// One fetch of one source.
pub(super) struct Session<'a> {
    pub options: &'a Options,
    pub net: Net,
    pub secrets: HeaderMap,
    pub deadline: Instant,
    pub times: Times,
}

impl Session<'_> {
    /// None where nothing has changed.
    pub async fn whole(&self, before: Option<&Kept>) -> Result<Option<Whole>, Refused> {
        let options = self.options;
        let limit = self.limit();
        // that the first of several pages is as it was says nothing about the others
        let before = before.filter(|_| options.next.is_none());
        let validators = before.map(|before| &before.validators);
        let answer = match self.page(&options.url, validators, limit).await? {
            Said::Unchanged => return Ok(None),
            Said::Answer(answer) => *answer,
        };
        if !options.picks_rows() {
            return Ok(Some(Whole {
                body: answer.body,
                content_type: answer.content_type,
                validators: answer.validators,
                is_picked: false,
            }));
        }
        let validators = answer.validators.clone();
        let rows = self.rows(answer, limit).await?;
        Ok(Some(Whole {
            body: pick::joined(&rows).into_bytes(),
            content_type: None,
            validators,
            is_picked: true,
        }))
    }

    /// The rows of a page and of all that follow it.
    async fn rows(&self, first: Answer, limit: u64) -> Result<Vec<String>, Refused> {
        let (mut rows, mut left) = (Vec::new(), limit);
        let mut seen = BTreeSet::from([first.url.to_string(), self.options.url.to_string()]);
        let mut page = first;
        let mut count = 1;
        loop {
            left = left.saturating_sub(page.body.len() as u64);
            // a page that says what is wrong with it in HTML, or nothing at all
            known(
                None,
                page.content_type.as_deref().filter(|t| t.contains("html")),
                &page.body,
            )?;
            let text = std::str::from_utf8(&page.body);
            let text =
                text.map_err(|_| Fault::Data("the answer is not UTF-8, and no JSON then".into()))?;
            let text = text.trim_start_matches('\u{feff}');
            rows.extend(pick::rows(self.options, text)?);
            let next = match &self.options.next {
                Some(next) => pick::next(next, text, &page.url, &self.options.url)?,
                None => None,
            };
            let Some(url) = next else {
                return Ok(rows);
            };
            if count == PAGES {
                return Err(Fault::Pages(PAGES).into());
            }
            if !seen.insert(url.to_string()) {
                let said = format!("page {count} names a page that was there before");
                return Err(Fault::Data(said).into());
            }
            page = match self.page(&url, None, left).await? {
                Said::Answer(answer) => *answer,
                Said::Unchanged => {
                    return Err(Fault::Status {
                        status: 304,
                        at: None,
                    }
                    .into());
                }
            };
            count += 1;
        }
    }

    /// Most bytes of all pages together: `max_bytes`, and where they are the data itself no more than can be read.
    fn limit(&self) -> u64 {
        match self.options.picks_rows() {
            true => self.options.max_bytes,
            false => self.options.max_bytes.min(MAX_BYTES),
        }
    }

    async fn page(
        &self,
        url: &Url,
        validators: Option<&Validators>,
        limit: u64,
    ) -> Result<Said, Refused> {
        let origin = self.options.url.origin();
        let question = Question {
            url,
            origin: Some(&origin),
            secrets: &self.secrets,
            validators,
            limit,
            deadline: self.deadline,
            allowed: self.times.whole,
        };
        let said = question.ask(&self.net).await;
        // the limit is that of all pages, whichever of them was over it
        said.map_err(|refused| match refused.fault {
            Fault::TooLarge(_) => Fault::TooLarge(self.limit()).into(),
            _ => refused,
        })
    }
}
