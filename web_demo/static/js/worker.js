self.addEventListener('fetch',()=>{});
