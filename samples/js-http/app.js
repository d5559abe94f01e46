// A service in JavaScript: the fetch event, as in a service worker.
addEventListener('fetch', (event) => event.respondWith(answer(event.request)));

async function answer(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/') {
        return new Response(`Hello, ${searchParams.get('name') ?? 'world'}!\n`);
    }
    if (pathname === '/upper' && request.method === 'POST') {
        return new Response((await request.text()).toUpperCase());
    }
    return new Response('not found\n', { status: 404 });
}
