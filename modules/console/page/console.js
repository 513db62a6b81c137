// The console. Everything that is shown is put in as text, never as HTML.
'use strict';

const $ = (id) => document.getElementById(id);

const VIEWS = ['setup', 'users', 'activity'];
const OPERATIONS = {
    create: 'Created', adopt: 'Linked to an existing account', restore: 'Restored',
    patch: 'Changed', put: 'Replaced', delete: 'Deleted',
};
const REFUSED = {
    create: 'create', patch: 'change', put: 'replace', delete: 'delete', get: 'read',
    search: 'search', bulk: 'bulk job',
};

let session;            // of api/session
let tenant;
let only;               // { id, name }: the account whose activity is shown

// ---- calls ----

async function ask(name, args, change) {
    // without a name and a password that may stand in the page's own address
    const url = new URL('api/' + name, location.origin + location.pathname);
    const request = { cache: 'no-store', headers: {} };
    if (change) {
        request.method = 'POST';
        request.headers['Content-Type'] = 'application/json';
        request.headers['X-Scim-Console'] = session.proof;
        request.body = JSON.stringify(args);
    }
    else {
        for (const key in args) {
            if (args[key] !== undefined && args[key] !== null && args[key] !== '') {
                url.searchParams.set(key, args[key]);
            }
        }
    }
    let answer;
    try {
        answer = await fetch(url, request);
    }
    catch {
        throw new Error('the server cannot be reached');
    }
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) {
        throw new Error(body.detail || 'the server answered ' + answer.status);
    }
    return body;
}

const look = (name, args) => ask(name, { tenant, ...args }, false);

// The proof of a page that was open over night is out of date: get another.
async function change(name, args) {
    const all = { tenant, ...args };
    try {
        return await ask(name, all, true);
    }
    catch (error) {
        if (!error.message.includes('out of date')) {
            throw error;
        }
    }
    session = await ask('session', {}, false);
    return ask(name, all, true);
}

function fail(error) {
    $('error').textContent = 'That did not work: ' + error.message + '.';
    $('error').hidden = false;
}

// A name as part of a sentence: what could reorder or hide the words around it is
// written out, and the name is a stretch of its own.
function named(text) {
    return '\u2068' + String(text).replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
        (c) => '\\u' + c.codePointAt(0).toString(16).padStart(4, '0')) + '\u2069';
}

function say(text) {
    $('error').hidden = true;
    $('said').textContent = text;
}

// Run what an event asks for, and show what goes wrong.
const on = (id, type, action) => $(id).addEventListener(type, async (event) => {
    try {
        await action(event);
    }
    catch (error) {
        fail(error);
    }
});

// ---- pieces of the page ----

function element(name, options, ...children) {
    const made = document.createElement(name);
    for (const key in options) {
        if (key in made && key !== 'list') {
            made[key] = options[key];
        }
        else {
            made.setAttribute(key, options[key]);
        }
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
}

const number = (n) => Number(n).toLocaleString();

const SPANS = [['day', 86400], ['hour', 3600], ['minute', 60]];

function ago(text) {
    const seconds = (new Date(text) - Date.now()) / 1000;
    const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
    for (const [unit, length] of SPANS) {
        if (Math.abs(seconds) >= length) {
            return words.format(Math.trunc(seconds / length), unit);
        }
    }
    return seconds > 0 ? 'in a moment' : 'just now';
}

const exact = (text) => new Date(text).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

function time(text) {
    return text ? element('time', { dateTime: text, title: exact(text) }, ago(text)) : 'never';
}

// When a token ends: the day, and how soon that is where somebody should act.
function end(token) {
    const left = new Date(token.expires_at) - Date.now();
    const day = element('time', { dateTime: token.expires_at, title: exact(token.expires_at) },
        new Date(token.expires_at).toLocaleDateString(undefined, { dateStyle: 'medium' }));
    return left > 0 && left < 30 * 86400000 ? [day, ' ', badge(ago(token.expires_at), 'warn')] : day;
}

function badge(text, kind) {
    return element('span', { className: 'badge ' + (kind || '') }, text);
}

// An address is broken in front of its @, if anywhere.
function breakable(part) {
    const at = typeof part === 'string' ? part.indexOf('@') : -1;
    return at > 0 ? [part.slice(0, at), element('wbr', {}), part.slice(at)] : [part];
}

// The rows of a table. On a narrow screen each cell shows the head of its column.
function fill(id, rows) {
    const table = $(id);
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    table.tBodies[0].replaceChildren(...rows.map(({ cells, className }) => {
        return element('tr', { className: className || '' }, ...cells.map((cell, i) => {
            return element('td', { 'data-label': heads[i] }, ...[cell].flat().flatMap(breakable));
        }));
    }));
    table.hidden = !rows.length;
    $('no-' + id).hidden = rows.length > 0;
}

// A list that is shown page by page: the places where its pages begin.
function pager(id, load) {
    const places = [null];
    const pages = {
        get place() { return places[places.length - 1]; },
        first() { places.length = 1; },
        show(next) {
            pages.next = next;
            $(id + '-page').textContent = 'Page ' + places.length;
            $(id + '-back').disabled = places.length === 1;
            $(id + '-next').disabled = !next;
        },
    };
    on(id + '-next', 'click', async () => { places.push(pages.next); await load(); });
    on(id + '-back', 'click', async () => { places.pop(); await load(); });
    return pages;
}

// Only the last of several loads counts, whichever answers first.
function latest(load) {
    let n = 0;
    return async () => {
        const mine = ++n;
        await load(() => mine === n);
    };
}

async function copy(text, what, place) {
    await navigator.clipboard.writeText(text);
    $(place || 'said').textContent = what + ' is copied.';
}

// Ask before something that hurts. Answers whether to go on.
function confirmed(title, text, yes, overlap) {
    const dialog = $('confirm');
    $('confirm-title').textContent = title;
    $('confirm-text').textContent = text;
    $('confirm-yes').textContent = yes;
    $('confirm-overlap-label').hidden = !overlap;
    dialog.returnValue = 'no';
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
    });
}

// The text of a token is in this dialog and nowhere else, until it closes.
function showToken(token) {
    $('token').value = token;
    $('token-said').textContent = '';
    $('token-dialog').showModal();
    $('token').select();
}

// ---- health ----

const loadHealth = latest(async (isLast) => {
    const health = await look('health');
    if (!isLast()) {
        return;
    }
    const guard = health.guard;
    // a change is a success, too, perhaps one of another host
    const success = health.succeeded_at && !(new Date(health.succeeded_at) < new Date(health.changed_at))
        ? health.succeeded_at : health.changed_at;
    $('health-success').replaceChildren(time(success));
    $('health-success').title = health.changed_at ? 'the last change: ' + exact(health.changed_at) : '';
    const errors = health.refused_in_day;
    $('health-errors').textContent = errors === 0 ? 'none'
        : number(errors) + (errors >= 1000 ? ' or more' : '') + ', the last ' + ago(health.refused_at);
    $('health-errors').title = health.refused || '';
    $('health-errors').parentElement.classList.toggle('bad', errors > 0);
    $('health-guard').textContent = guard.held_back > 0
        ? 'holds back: ' + number(guard.held_back) + (guard.held_back === 1 ? ' deactivation' : ' deactivations')
        : guard.released_until ? 'released, ends ' + ago(guard.released_until)
        : guard.taken > 0 ? 'watches: ' + number(guard.taken) + ' of ' + number(guard.active) + ' deactivated'
        : 'at rest';
    $('health-guard-box').classList.toggle('bad', guard.held_back > 0);
    $('release').hidden = guard.held_back === 0;
});

on('release', 'click', async () => {
    if (await confirmed('Let the deactivations through?',
        'The directory deactivates many accounts at once, which looks like a mistake. For an hour '
        + 'nothing is held back, and those who are to go lose their access.', 'Release')) {
        await change('release', {});
        say('The guard is released for an hour.');
        await loadHealth();
    }
});

// ---- set-up ----

const loadOrganisation = latest(async (isLast) => {
    const organisation = await look('organisation');
    if (!isLast()) {
        return;
    }
    $('organisation-name').textContent = organisation.name;
    document.title = 'User provisioning: ' + organisation.name;
    $('enabled').checked = organisation.enabled;
    $('enabled').disabled = !organisation.available;
    $('enabled-hint').textContent = organisation.available === false
        ? 'The API is not part of your plan; ask your provider for it.'
        : organisation.enabled ? 'Directories may use the tokens below.'
        : 'No token works while this is off.';
    for (const option of $('state').options) {
        option.textContent = option.textContent.replace(/ \(.*/, '')
            + ' (' + number(organisation.accounts[option.value]) + ')';
    }
});

on('enabled', 'change', async () => {
    const enabled = $('enabled').checked;
    try {
        if (enabled || await confirmed('Switch API access off?',
            'Your directory can create, change and deactivate nobody until it is on again.', 'Switch off')) {
            await change('enable', { enabled });
            say('API access is ' + (enabled ? 'on.' : 'off.'));
        }
    }
    finally {
        await Promise.all([loadOrganisation(), loadTokens()]);
    }
});

const STATES = { valid: 'good', revoked: '', expired: '' };

const loadTokens = latest(async (isLast) => {
    const tokens = await look('tokens');
    if (!isLast()) {
        return;
    }
    fill('tokens', tokens.map((token) => {
        const over = token.state === 'revoked' || token.state === 'expired';
        const about = ' token ' + token.token_id + ' of ' + token.user_name;
        return {
            className: over ? 'over' : '',
            cells: [token.token_id, token.user_name, badge(token.state, STATES[token.state] ?? 'warn'),
                end(token), time(token.used_at),
                over ? [] : element('div', { className: 'buttons' },
                    element('button', { type: 'button', className: 'small', 'aria-label': 'Rotate' + about,
                        onclick: () => rotate(token).catch(fail) }, 'Rotate'),
                    element('button', { type: 'button', className: 'small', 'aria-label': 'Revoke' + about,
                        onclick: () => revoke(token).catch(fail) }, 'Revoke'))],
        };
    }));
});

async function rotate(token) {
    if (await confirmed('Rotate token ' + token.token_id + '?',
        'A new token is issued for ' + named(token.user_name) + ', valid for a year. Put it into the directory '
        + 'while the old one is still valid.', 'Rotate', true)) {
        const answer = await change('rotate', { token: token.token_id, days: '365', overlap: $('confirm-overlap').value });
        say('Token ' + token.token_id + ' is rotated.');
        showToken(answer.token);
        await loadTokens();
    }
}

async function revoke(token) {
    if (await confirmed('Revoke token ' + token.token_id + '?',
        'It ends at once and for good. A directory that uses it can change nothing any more.', 'Revoke')) {
        await change('revoke', { token: token.token_id });
        say('Token ' + token.token_id + ' is revoked.');
        await loadTokens();
    }
}

// The account of that very name, among all in whose names it is a piece.
async function findAccount(name) {
    let page = { next: '' };
    do {
        page = await look('accounts', { search: name, after: page.next });
        const account = page.accounts.find((one) => one.user_name.toLowerCase() === name.toLowerCase());
        if (account) {
            return account;
        }
    } while (page.next);
    return null;
}

on('issue', 'submit', async (event) => {
    event.preventDefault();
    const name = $('issue-user').value.trim();
    const account = await findAccount(name);
    if (!account) {
        throw new Error('there is no user "' + named(name) + '"');
    }
    if (!account.api_access) {
        if (!await confirmed('Give ' + named(account.user_name) + ' API access?',
            'A token works only for a user who has API access.', 'Give access')) {
            return;
        }
        await change('access', { account: account.id, enabled: true });
    }
    const answer = await change('issue', { account: account.id, days: $('issue-days').value });
    say('A token for ' + named(account.user_name) + ' is issued.');
    showToken(answer.token);
    $('issue').reset();
    await loadTokens();
});

let typing;

function soon(action) {
    clearTimeout(typing);
    typing = setTimeout(() => action().catch(fail), 250);
}

on('issue-user', 'input', () => soon(async () => {
    const name = $('issue-user').value.trim();
    const found = name.length < 2 ? { accounts: [] } : await look('accounts', { search: name });
    $('issue-users').replaceChildren(...found.accounts.slice(0, 10).map((account) =>
        element('option', { value: account.user_name }, account.name)));
}));

on('copy-token', 'click', () => copy($('token').value, 'The token', 'token-said'));
on('copy-url', 'click', () => copy($('url').value, 'The URL'));
on('copy-mapping', 'click', () => copy([...$('mapping').rows].map((row) =>
    [...row.cells].map((cell) => cell.textContent.trim()).join('\t')).join('\n'), 'The table'));
$('token-dialog').addEventListener('close', () => { $('token').value = ''; });

// ---- users ----

function states(account) {
    return [
        account.active ? badge('active', 'good') : badge('inactive', 'warn'),
        account.synced ? badge('provisioned') : badge('never synced'),
        account.adopted ? badge('adopted') : null,
        account.protected ? badge('protected') : null,
    ];
}

function accessSwitch(account) {
    const input = element('input', {
        type: 'checkbox', role: 'switch', checked: account.api_access,
        'aria-label': 'API access of ' + account.user_name,
    });
    input.addEventListener('change', async () => {
        try {
            await change('access', { account: account.id, enabled: input.checked });
            say('API access of ' + named(account.user_name) + ' is ' + (input.checked ? 'on.' : 'off.'));
        }
        catch (error) {
            input.checked = !input.checked;
            fail(error);
        }
    });
    return input;
}

const loadAccounts = latest(async (isLast) => {
    const page = await look('accounts', {
        search: $('search').value.trim(), state: $('state').value, sort: $('sort').value, after: accounts.place,
    });
    if (!isLast()) {
        return;
    }
    fill('accounts', page.accounts.map((account) => ({
        cells: [account.user_name, account.name, account.email || '',
            element('span', {}, ...states(account)), accessSwitch(account),
            element('button', {
                type: 'button', className: 'small', 'aria-label': 'Activity of ' + account.user_name,
                onclick: () => {
                    only = { id: account.id, name: account.user_name };
                    location.hash = 'activity';
                },
            }, 'Activity')],
    })));
    accounts.show(page.next);
});

const accounts = pager('accounts', loadAccounts);

async function findAccounts() {
    accounts.first();
    await loadAccounts();
}

on('search', 'input', () => soon(findAccounts));
on('state', 'change', findAccounts);
on('sort', 'change', findAccounts);
on('find', 'submit', async (event) => { event.preventDefault(); await findAccounts(); });

// ---- activity ----

// A value as a person would write it.
function value(it) {
    if (it === undefined || it === null) {
        return 'nothing';
    }
    if (Array.isArray(it)) {
        return it.map(value).join(', ');
    }
    if (typeof it === 'object') {
        return Object.entries(it).map(([key, part]) => key + ' ' + value(part)).join(', ');
    }
    return String(it);
}

// The name of an attribute without the URN in front of it.
const attribute = (name) => name.replace(/^urn:.*:(?=[^:]+$)/i, '');

function changes(event) {
    if (event.outcome === 'refused') {
        return event.reason || '';
    }
    const list = element('dl', { className: 'changes' });
    for (const [name, part] of Object.entries(event.changes || {})) {
        const whole = part === null || typeof part !== 'object' || !('old' in part || 'new' in part);
        list.append(element('dt', { title: name }, attribute(name)), whole
            ? element('dd', {}, value(part))
            : element('dd', {}, element('del', {}, value(part.old)), ' \u2192 ', element('ins', {}, value(part.new))));
    }
    return list;
}

function what(event) {
    if (event.outcome === 'refused') {
        return [badge('Refused', 'bad'), ' ' + (REFUSED[event.operation] || event.operation) + ', ' + event.status];
    }
    return OPERATIONS[event.operation] || event.operation;
}

const loadEvents = latest(async (isLast) => {
    $('only').hidden = !only;
    $('only-name').textContent = only ? only.name : '';
    const page = await look('activity', {
        outcome: $('outcome').value, account: only && only.id, before: events.place,
    });
    if (!isLast()) {
        return;
    }
    fill('events', page.events.map((event) => ({
        cells: [time(event.at), what(event),
            event.resource || (event.resource_id ? 'id ' + event.resource_id : ''), changes(event),
            [event.actor || '', event.token_id ? element('div', {}, 'token ' + event.token_id) : null]
                .filter((part) => part)],
    })));
    events.show(page.next);
});

const events = pager('events', loadEvents);

async function filterEvents() {
    events.first();
    await loadEvents();
}

on('outcome', 'change', filterEvents);
on('filter', 'submit', (event) => event.preventDefault());
on('only-clear', 'click', async () => { only = undefined; await filterEvents(); });

// ---- the whole ----

const LOADS = {
    setup: () => Promise.all([loadOrganisation(), loadTokens()]),
    users: () => Promise.all([loadOrganisation(), findAccounts()]),
    activity: filterEvents,
};

// The section that the address names; the focus goes to its title.
async function showView(focus) {
    const asked = location.hash.slice(1);
    if (asked !== '' && !VIEWS.includes(asked)) {
        return;
    }
    const view = asked || 'setup';
    for (const name of VIEWS) {
        $(name).hidden = name !== view;
        const link = document.querySelector('nav a[href="#' + name + '"]');
        if (name === view) {
            link.setAttribute('aria-current', 'page');
        }
        else {
            link.removeAttribute('aria-current');
        }
    }
    if (focus) {
        say('');
        $(view + '-title').focus();
    }
    await Promise.all([LOADS[view](), loadHealth()]);
    document.body.dataset.view = view;
}

window.addEventListener('hashchange', () => showView(true).catch(fail));

on('tenant', 'change', async () => {
    tenant = $('tenant').value;
    only = undefined;
    await loadOrganisation();
    await showView(false);
});

async function begin() {
    session = await ask('session', {}, false);
    tenant = session.tenants[0].tenant;
    $('login').textContent = session.login;
    $('url').value = session.url + '/?aadOptscim062020';
    $('tenant').replaceChildren(...session.tenants.map((one) =>
        element('option', { value: one.tenant }, one.name || one.tenant)));
    $('tenant-label').hidden = session.tenants.length < 2;
    await loadOrganisation();
    await showView(false);
    setInterval(() => loadHealth().catch(fail), 60000);
}

begin().catch(fail);
