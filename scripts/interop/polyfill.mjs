// libp2p 3 calls this; Node 20 does not have it yet. To be imported before libp2p.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((res, rej) => { resolve = res; reject = rej; });
  return { promise, resolve, reject };
};
