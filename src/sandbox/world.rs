//! The world: what exists in it, and the questions that are asked of it.
//!
//! In: changes, written before they hold. Out: answers as of now.
//! Never: a change that is not in the journal, a walk over all that ever was for one request.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;

use super::chance;
use super::clock::{Clock, later};
use super::fault::Plan;
use super::journal::{Journal, Record};
use super::objects::{
    Container, DAY, Family, Grant, Highlight, Person, Story, Token, Upload, all_scopes,
};
use super::refusal::Refusal;
use super::settings::Settings;
use super::usage::Usage;
use crate::graph::Login;

/// Requests that `/sandbox/log` remembers.
const LOGGED: usize = 20_000;

/// A request that came. No parameter is kept: one of them is the token.
#[derive(Debug, Clone, Serialize)]
pub struct Logged {
    /// Of the world.
    pub time: Timestamp,
    /// HTTP's.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What it was about.
    pub on: &'static str,
    /// Whose.
    pub user_id: Option<String>,
    /// HTTP status; none when the connection was cut.
    pub status: Option<u16>,
    /// The fault that took it.
    pub fault: Option<String>,
}

/// What exists.
pub struct World {
    /// Its own name: two worlds never share one.
    pub id: String,
    /// Its time.
    pub clock: Clock,
    /// What was set.
    pub settings: Settings,
    /// What goes wrong.
    pub plan: Plan,
    /// Calls, for limits and headers.
    pub usage: Usage,
    /// The latest requests.
    pub log: VecDeque<Logged>,
    /// Codes that were given on the authorize page.
    pub grants: HashMap<String, Grant>,
    /// People who are nobody here, by the id that their name was given.
    pub strangers: HashMap<String, String>,
    /// Counts changes that the page shows.
    pub revision: u64,
    people: Vec<Person>,
    tokens: HashMap<String, Token>,
    containers: HashMap<String, Container>,
    /// When each account made its containers, oldest first.
    made: HashMap<String, VecDeque<Timestamp>>,
    stories: Vec<Story>,
    story_places: HashMap<String, usize>,
    uploads: HashMap<String, Upload>,
    highlights: Vec<Highlight>,
    /// Which stories are an account's, oldest first.
    told: BTreeMap<String, Vec<usize>>,
    journal: Option<Journal>,
    is_closed: bool,
}

impl World {
    /// A world out of a journal's records; an empty one gets its name.
    pub fn new(journal: Option<Journal>, records: Vec<Record>) -> Self {
        let mut world = Self {
            id: String::new(),
            clock: Clock::new(Timestamp::now()),
            settings: Settings::default(),
            plan: Plan::default(),
            usage: Usage::default(),
            log: VecDeque::new(),
            grants: HashMap::new(),
            strangers: HashMap::new(),
            revision: 0,
            people: Vec::new(),
            tokens: HashMap::new(),
            containers: HashMap::new(),
            made: HashMap::new(),
            stories: Vec::new(),
            story_places: HashMap::new(),
            uploads: HashMap::new(),
            highlights: Vec::new(),
            told: BTreeMap::new(),
            journal,
            is_closed: false,
        };
        for record in records {
            world.apply(record);
        }
        world
    }

    /// Gives a new world its name.
    ///
    /// # Errors
    /// Of the disk.
    pub fn christen(&mut self) -> std::io::Result<()> {
        if self.id.is_empty() {
            self.write(vec![
                Record::World(chance::hex(16)),
                Record::Clock(self.clock),
            ])?;
        }
        Ok(())
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        self.clock.at(Timestamp::now())
    }

    /// Writes a change, then lets it hold: all of it or nothing.
    ///
    /// # Errors
    /// Of the disk.
    pub fn write(&mut self, change: Vec<Record>) -> std::io::Result<()> {
        if self.is_closed {
            return Err(std::io::Error::other("the world is closed"));
        }
        if let Some(journal) = &mut self.journal {
            journal.append(&change)?;
        }
        for record in change {
            self.apply(record);
        }
        Ok(())
    }

    /// Nothing changes from here on, and another sandbox may open the folder.
    pub fn close(&mut self) {
        self.is_closed = true;
        self.journal = None;
    }

    /// [`World::write`], for answers.
    ///
    /// # Errors
    /// -1/2207001 if the disk does not take it.
    pub fn commit(&mut self, change: Vec<Record>) -> Result<(), Refusal> {
        self.write(change).map_err(|error| {
            tracing::warn!(%error, "the world cannot be written");
            Refusal::unwritten()
        })
    }

    fn apply(&mut self, record: Record) {
        match record {
            Record::World(id) => self.id = id,
            Record::Clock(clock) => self.clock = clock,
            Record::Settings(settings) => self.settings = settings,
            Record::Person(person) => self.people.push(person),
            Record::Token(token) => {
                self.tokens.insert(token.token.clone(), token);
            }
            Record::Container(container) => self.put_container(*container),
            Record::Story(story) => self.put_story(*story),
            Record::Upload(upload) => {
                self.uploads.insert(upload.key.clone(), *upload);
            }
            Record::Highlight(highlight) => self.put_highlight(*highlight),
        }
        self.revision += 1;
    }

    fn put_container(&mut self, container: Container) {
        let (id, user, made) = (
            container.id.clone(),
            container.user_id.clone(),
            container.made,
        );
        if self.containers.insert(id, container).is_none() {
            self.made.entry(user).or_default().push_back(made);
        }
    }

    fn put_story(&mut self, story: Story) {
        if let Some(&place) = self.story_places.get(&story.id) {
            self.stories[place] = story;
            return;
        }
        let place = self.stories.len();
        self.story_places.insert(story.id.clone(), place);
        self.told
            .entry(story.user_id.clone())
            .or_default()
            .push(place);
        self.stories.push(story);
    }

    fn put_highlight(&mut self, highlight: Highlight) {
        match self
            .highlights
            .iter_mut()
            .find(|known| known.id == highlight.id)
        {
            Some(known) => *known = highlight,
            None => self.highlights.push(highlight),
        }
    }

    /// A file that the app has sent, by `{account}:{upload id}`.
    pub fn upload(&self, key: &str) -> Option<&Upload> {
        self.uploads.get(key)
    }

    /// A highlight that is there.
    pub fn highlight(&self, id: &str) -> Option<&Highlight> {
        let is_it = |known: &&Highlight| known.id == id && !known.is_deleted;
        self.highlights.iter().find(is_it)
    }

    /// An account's highlights, newest first.
    pub fn highlights_of(&self, user_id: &str) -> impl Iterator<Item = &Highlight> {
        let mine = move |known: &&Highlight| known.user_id == user_id && !known.is_deleted;
        self.highlights.iter().rev().filter(mine)
    }

    /// Every account.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// An account by its id.
    pub fn person(&self, user_id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.user_id == user_id)
    }

    /// Makes an account, and a token of ten days that may do everything.
    ///
    /// # Errors
    /// Of the disk.
    pub fn add_person(
        &mut self,
        login: Login,
        username: Option<String>,
    ) -> std::io::Result<Person> {
        let number = self.people.iter().filter(|p| p.login == login).count() + 1;
        let word = match login {
            Login::Instagram => "instagram",
            Login::Facebook => "facebook",
            Login::Private | Login::ByHand => "private",
        };
        let name = match number {
            1 => word.to_owned(),
            _ => format!("{word}-{number}"),
        };
        let person = Person {
            username: username.unwrap_or_else(|| match login {
                Login::Instagram => format!("sandbox.cafe{}", suffix(number)),
                Login::Facebook => format!("sandbox.gallery{}", suffix(number)),
                Login::Private | Login::ByHand => format!("sandbox.studio{}", suffix(number)),
            }),
            password: (login == Login::Private).then(|| chance::hex(14)),
            // from the second on, so that both ways can be rehearsed
            totp_seed: (login == Login::Private && number > 1).then(chance::base32),
            name,
            login,
            user_id: chance::digits("17841", 17),
            scoped_id: chance::digits("27", 17),
            page_id: (login == Login::Facebook).then(|| chance::digits("10", 15)),
        };
        let mut change = vec![Record::Person(person.clone())];
        if login != Login::Private {
            change.push(Record::Token(self.born_token(&person)));
        }
        self.write(change)?;
        Ok(person)
    }

    /// A long token of ten days with every right, which is not yet written.
    pub fn born_token(&self, person: &Person) -> Token {
        let family = match person.login {
            Login::Instagram => Family::Instagram,
            Login::Facebook => Family::Facebook,
            Login::Private | Login::ByHand => Family::App,
        };
        let mut token = self.new_token(&person.user_id, family, all_scopes(person.login));
        token.issued = ago(self.now(), 10);
        token.expires = Some(later(token.issued, DAY * 60));
        token.is_long = true;
        token.is_born = true;
        token
    }

    /// A token of one hour that is not yet written.
    pub fn new_token(&self, user_id: &str, family: Family, scopes: Vec<String>) -> Token {
        let now = self.now();
        Token {
            token: chance::token(match family {
                Family::Instagram | Family::App => "IGAA",
                Family::Facebook | Family::Page => "EAA",
            }),
            family,
            user_id: user_id.to_owned(),
            scopes,
            issued: now,
            expires: Some(later(now, DAY / 24)),
            is_long: false,
            app_id: "1000000000000001".to_owned(),
            proof: None,
            is_born: false,
        }
    }

    /// A token by itself.
    pub fn token(&self, token: &str) -> Option<&Token> {
        self.tokens.get(token)
    }

    /// The Page token of an account, when one was made.
    pub fn page_token(&self, user_id: &str) -> Option<&Token> {
        let is_it = |token: &&Token| token.family == Family::Page && token.user_id == user_id;
        self.tokens.values().find(is_it)
    }

    /// The token that the sandbox itself gave an account; the newest, where it was renewed or another had to be given.
    pub fn own_token(&self, user_id: &str) -> Option<&Token> {
        let mine = |token: &&Token| token.is_born && token.user_id == user_id;
        let mine = self.tokens.values().filter(mine);
        mine.max_by_key(|token| token.expires)
    }

    /// A container by its id.
    pub fn container(&self, id: &str) -> Option<&Container> {
        self.containers.get(id)
    }

    /// Containers whose bytes are still to be fetched or checked, as after a restart.
    pub fn open_containers(&self) -> Vec<Container> {
        let is_open = |c: &&Container| c.check == super::objects::Check::Open;
        self.containers.values().filter(is_open).cloned().collect()
    }

    /// A new id that nothing has.
    pub fn new_id(&self, prefix: &str) -> String {
        loop {
            let id = chance::digits(prefix, 17);
            if !self.containers.contains_key(&id) && !self.story_places.contains_key(&id) {
                return id;
            }
        }
    }

    /// A story by its id, also one that is over.
    pub fn story(&self, id: &str) -> Option<&Story> {
        self.story_places.get(id).map(|&place| &self.stories[place])
    }

    /// Everything that was ever published, oldest first.
    pub fn stories(&self) -> &[Story] {
        &self.stories
    }

    /// An account's stories, newest first.
    pub fn stories_of(&self, user_id: &str) -> impl Iterator<Item = &Story> {
        let places = self
            .told
            .get(user_id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        places.iter().rev().map(|&place| &self.stories[place])
    }

    /// Publishes of an account in the 24 hours before `until`; those that were taken back count.
    pub fn published_since(&self, user_id: &str, since: Timestamp, until: Timestamp) -> u32 {
        let recent = self
            .stories_of(user_id)
            .take_while(|story| story.published > since);
        let count = recent.filter(|story| story.published <= until).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Containers an account made in the last 24 hours.
    pub fn containers_today(&mut self, user_id: &str, now: Timestamp) -> u32 {
        let Some(made) = self.made.get_mut(user_id) else {
            return 0;
        };
        while made.front().is_some_and(|made| later(*made, DAY) <= now) {
            made.pop_front();
        }
        u32::try_from(made.len()).unwrap_or(u32::MAX)
    }

    /// Remembers a request.
    pub fn note(&mut self, logged: Logged) {
        if self.log.len() == LOGGED {
            self.log.pop_front();
        }
        self.log.push_back(logged);
    }
}

/// Whole days before `now`.
pub fn ago(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(jiff::SignedDuration::from_hours(24 * days))
        .unwrap_or(Timestamp::MIN)
}

fn suffix(number: usize) -> String {
    match number {
        1 => String::new(),
        _ => number.to_string(),
    }
}
