// wasi:http from JavaScript: the engine's fetch event. One request per instance.
const routes = {
    '/': () => new Response('Hello from JavaScript!\n', { headers: { 'content-type': 'text/plain' } }),

    '/json': async (request) => {
        const sent = request.method === 'POST' ? await request.json() : null;
        return Response.json({ method: request.method, sent });
    },

    '/echo': (request) => new Response(request.body, { headers: { 'content-type': 'text/plain' } }),

    '/headers': (request) => Response.json(Object.fromEntries(request.headers)),

    '/fetch': async (request) => {
        const answer = await fetch(new URL(request.url).searchParams.get('url'));
        return new Response(answer.body, { status: answer.status, headers: { 'x-fetched': 'yes' } });
    },

    '/stream': () => {
        let line = 0;
        const encoder = new TextEncoder();
        return new Response(new ReadableStream({
            async pull(controller) {
                await new Promise((done) => setTimeout(done, 10));
                controller.enqueue(encoder.encode(`line ${line}\n`));
                if (++line === 5) {
                    controller.close();
                }
            },
        }));
    },

    '/throw': () => { throw new Error('the guest throws'); },
};

async function answer(request) {
    const route = routes[new URL(request.url).pathname];
    return route === undefined ? new Response('no such route\n', { status: 404 }) : route(request);
}

addEventListener('fetch', (event) => event.respondWith(answer(event.request)));
