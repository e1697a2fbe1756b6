"""The only room that talks to an EVM chain: web3, the compiled contracts, deployment, the registry."""
